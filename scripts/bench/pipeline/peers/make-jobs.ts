// The jobs of the peers and of the bare loop: each to a different person, from the numbers in turn.
import type { Job } from "./protocol.ts";

export function makeJobs(count: number, numbers: readonly string[]): Job[] {
  return Array.from({ length: count }, (_, n) => ({
    id: crypto.randomUUID(),
    to: `+1214${5_550_000 + n}`,
    from: numbers[n % numbers.length] as string,
    body: `Hola Rosa ${n % 97}, somos Tierras Claras. ¿Vende su terreno en Dallas? Responda ALTO para salir.`,
  }));
}
