// The address of a signed link as clients reach it.

/** Functions may reach Storage at an address inside their network; clients reach it at the address of the functions. */
export function publicFileUrl(signedUrl: string, functionsUrl: string): string {
  const { pathname, search } = new URL(signedUrl);
  return `${new URL(functionsUrl).origin}${pathname}${search}`;
}
