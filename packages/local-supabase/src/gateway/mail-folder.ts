// Auth's mails as files, since there is no mail server on this machine: their links and codes must not reach a log.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { EmailDriver, EmailMessage } from "@supabase/lite";

/** Writes each mail into `folder`, readable by its owner only, and logs where, without the address or the content. */
export class MailFolder implements EmailDriver {
  private written = 0;

  constructor(
    private readonly folder: string,
    private readonly log: (line: string) => void,
  ) {}

  async send(message: EmailMessage): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    this.written += 1;
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const file = path.join(this.folder, `${stamp}-${this.written}.txt`);
    const text = message.text ?? message.html ?? "";
    await writeFile(file, `To: ${message.to}\nSubject: ${message.subject}\n\n${text}\n`, { mode: 0o600 });
    this.log(`mail "${message.subject}" written to ${file}`);
  }
}
