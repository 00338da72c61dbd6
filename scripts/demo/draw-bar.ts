// A progress bar in text.

/** @param share 0 to 1; more counts as 1 */
export function drawBar(share: number, width = 40): string {
  const part = Math.min(Math.max(Number.isFinite(share) ? share : 0, 0), 1);
  const full = Math.round(part * width);
  return `[${"█".repeat(full)}${"░".repeat(width - full)}] ${String(Math.round(part * 100)).padStart(3)} %`;
}
