// The client's side of a login by password: SCRAM-SHA-256 (RFC 5802, RFC 7677), as Postgres asks for it.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const hmac = (key: Buffer, text: string | Buffer) => createHmac("sha256", key).update(text).digest();
/** The user's name is in the startup message already, and channel binding needs TLS. */
const GS2_HEADER = "n,,";

export class ScramLogin {
  private readonly nonce = randomBytes(18).toString("base64");

  constructor(private readonly password: string) {}

  get first(): string {
    return `${GS2_HEADER}${this.bare}`;
  }

  private get bare(): string {
    return `n=,r=${this.nonce}`;
  }

  /** @throws Error if the server's answer is not to our question */
  answer(challenge: string): string {
    const [nonce, salt, rounds] = ["r", "s", "i"].map((name) => fieldOf(challenge, name));
    if (!nonce?.startsWith(this.nonce) || !salt || !Number(rounds))
      throw new Error("unexpected SCRAM challenge");
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, "base64"), Number(rounds), 32, "sha256");
    const clientKey = hmac(salted, "Client Key");
    const storedKey = createHash("sha256").update(clientKey).digest();
    const ending = `c=${Buffer.from(GS2_HEADER).toString("base64")},r=${nonce}`;
    const signature = hmac(storedKey, `${this.bare},${challenge},${ending}`);
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] as number));
    return `${ending},p=${Buffer.from(proof).toString("base64")}`;
  }
}

function fieldOf(text: string, name: string): string | undefined {
  return text
    .split(",")
    .find((field) => field.startsWith(`${name}=`))
    ?.slice(2);
}
