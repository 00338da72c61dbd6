// The hash by which a file is recognised if it is imported again. Hashing 100 MB on the function's own thread would take most of
// the CPU that a call may use. WebCrypto hashes on another thread, but only whole buffers: so a file is hashed in pieces, and
// then the hashes of the pieces are hashed.

const PIECE_BYTES = 1_048_576;
const HASH_BYTES = 32;

export class FileHash {
  private readonly piece = new Uint8Array(PIECE_BYTES);
  private filled = 0;
  private readonly hashes: Uint8Array[] = [];
  /** The hashing of the previous piece: one is hashed while the next one fills. */
  private hashing: Promise<void> | undefined;

  /** However the file is cut into chunks, its hash is the same. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + PIECE_BYTES - this.filled);
      this.piece.set(part, this.filled);
      this.filled += part.length;
      from += part.length;
      if (this.filled === PIECE_BYTES) await this.endPiece();
    }
  }

  /** @returns SHA-256 over the SHA-256 of each MiB, hex */
  async digest(): Promise<string> {
    if (this.filled > 0) await this.endPiece();
    await this.hashing;
    const all = new Uint8Array(this.hashes.length * HASH_BYTES);
    for (const [i, hash] of this.hashes.entries()) all.set(hash, i * HASH_BYTES);
    return Array.from(await sha256(all), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  private async endPiece(): Promise<void> {
    await this.hashing;
    // WebCrypto copies its input at once, so the next piece may fill the same bytes.
    this.hashing = sha256(this.piece.subarray(0, this.filled)).then((hash) => void this.hashes.push(hash));
    this.filled = 0;
  }
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array & { buffer: ArrayBuffer }));
}
