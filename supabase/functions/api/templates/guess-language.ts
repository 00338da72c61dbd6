// The language of a text whose sender does not say it: the dashboard has no field for it.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { detectLanguage } from "../../_shared/sms/detect-language.ts";
import type { Language } from "../../_shared/sms/variables.ts";

/** By the text's commonest words; if these do not decide it, the organisation's language. */
export async function guessLanguage({ db, user }: UserContext, content: string): Promise<Language> {
  const words = content
    .replace(/\{[^{}]*\}/g, " ")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toUpperCase()
    .match(/[A-Z]+/g);
  const guessed = detectLanguage((words ?? []).join(" "));
  if (guessed) return guessed;
  const org = dataOrThrow(await db.from("orgs").select("language").eq("id", user.orgId).single());
  return org.language as Language;
}
