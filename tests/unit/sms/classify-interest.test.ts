// Replies of landowners and whether they would sell.
import { describe, expect, it } from "vitest";
import {
  classifyInbound,
  classifyInterest,
} from "../../../supabase/functions/_shared/sms/classify-inbound.ts";

const texts = (list: string) => list.split("|").map((text) => text.trim());

describe.each([
  [
    "interested",
    `Yes | YES! | yes please | Yes sir | Yeah | Yep, thanks | Sure | Sí | si | Sí, gracias | Claro | Claro que sí | Si señor |
    I'm interested | I am interested in selling | Might be interested | Yes, interested | interested | Very interested, thanks |
    Are you still interested? I would sell | How much | how much? | How much are you offering | What's your offer? | whats your best offer |
    What is the price | What are you offering? | Make me an offer | Send me your best cash offer | Give me a fair offer | Call me |
    Please call me tomorrow | Can you call me after 5 | Give me a call, call me | I want to sell | I'd like to sell it | Willing to sell for 50k |
    looking to sell | It's for sale | still for sale | Me interesa | Sí me interesa | Nos interesaría | Estoy interesado | interesada |
    ¿Cuánto? | cuánto ofrece por el terreno | Cuanto pagan | Llámeme | llameme por favor | Me puede llamar | Puede llamarme mañana |
    Quiero vender | Sí lo vendo | Quisiera vender mi lote | Cuál es su oferta | Mándeme su oferta | Sigue en venta`,
  ],
  [
    "not_interested",
    `No | no. | No thanks | No thank you | Nope | Nah | No gracias | No señor, gracias | Pass | Not interested | I'm not interested |
    not interested, thank you | Sorry not interested at all | We are not selling | It is not for sale | Not for sale! | Never selling |
    I don't want to sell | do not plan to sell | We won't sell | I would never sell | Don't wanna sell it | No longer interested |
    Already sold | We sold it | I have sold the property | it has been sold | Keeping it in the family | I'll pass | no interest |
    No me interesa | ya no me interesa gracias | No estoy interesado | No estamos interesados | No vendo | no lo vendo | No quiero vender |
    no pienso venderlo | No está en venta | No está a la venta | Ya lo vendí | Ya vendimos | ya se vendió`,
  ],
  [
    undefined,
    `Who is this? | Yes, who is this? | ¿Quién habla? | Hello | ok | Ok thanks | Which property? | Where did you get my number? |
    No, who is this? | Not interested in renting but how much would you pay | No me interesa vender pero cuánto ofrece |
    Why are you interested in my land? | Who told you to call me? | I told you to call me yesterday at 5 | Maybe | Let me ask my wife |
    Let me think | What county | no sé | ahora no puedo hablar | 👍 | Si quiere hablamos despues | yes? | My brother owns half of it`,
  ],
] as const)("is %s", (expected, list) => {
  it.each(texts(list))("%s", (text) => {
    expect(classifyInterest(text)).toBe(expected);
    expect(["reply", "start"], "is no opt-out").toContain(classifyInbound(text).kind);
  });
});
