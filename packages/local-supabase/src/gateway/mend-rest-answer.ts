// PostgREST answers 400 to a URL that it cannot parse; lite's parser throws, and lite then answers 500.

const unreadable = /^Error: (.+ at position \d+(?:: .*)?)$/s;

/** Returns the answer, or PostgREST's answer if the URL could not be parsed. */
export async function mendRestAnswer(answer: Response): Promise<Response> {
  if (answer.status !== 500) return answer;
  const body = await answer
    .clone()
    .json()
    .catch(() => null);
  const found = body?.code === "SUP" && unreadable.exec(String(body.message));
  if (!found) return answer;
  const refusal = {
    code: "PGRST100",
    message: "failed to parse the address",
    details: found[1],
    hint: null,
  };
  return Response.json(refusal, { status: 400 });
}
