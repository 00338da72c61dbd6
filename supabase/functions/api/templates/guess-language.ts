// The language of a text whose sender does not say it: the dashboard has no field for it.
import { foldText } from "../../_shared/answers/fold-text.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { detectLanguage } from "../../_shared/sms/detect-language.ts";
import type { Language } from "../../_shared/sms/variables.ts";

/** By the text's commonest words; undefined if these do not decide it. */
export function guessLanguage(content: string): Language | undefined {
  const words = foldText(content.replace(/\{[^{}]*\}/g, " "))
    .toUpperCase()
    .match(/[A-Z]+/g);
  return detectLanguage((words ?? []).join(" "));
}

/** The language of a new text: the one it seems to be in, else the organisation's. */
export async function languageOf({ db, user }: UserContext, content: string): Promise<Language> {
  const guessed = guessLanguage(content);
  if (guessed) return guessed;
  const org = dataOrThrow(await db.from("orgs").select("language").eq("id", user.orgId).single());
  return org.language as Language;
}
