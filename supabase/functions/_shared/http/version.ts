// The released version, shown by /health and in the OpenAPI documents. A test checks that it equals package.json's.
export const VERSION = "0.1.0";
