// Texts that say that the person has died.
import type { RuleList } from "./rule-language.ts";

const WHO =
  "HE|SHE|HES|SHES|HIM|HER|THEY|FATHER|MOTHER|MOM|MOMMA|MAMA|DAD|DADDY|HUSBAND|WIFE|BROTHER|SISTER|SON|" +
  "DAUGHTER|UNCLE|AUNT|GRANDMA|" +
  "GRANDPA|GRANDMOTHER|GRANDFATHER|PARENTS|OWNER|MR|MRS|MS|PERSON|MAN|WOMAN|BOTH|WHO|THAT";

export const DECEASED_EN: RuleList = {
  kind: "deceased",
  language: "en",
  rules: [
    ["passed away", "PASSED|PASSD|PAST AWAY"],
    ["passed", `${WHO} *2 PASSED >IT|THE|THIS|THAT|US|ON_THE|ON_IT|ON_YOUR|AWAY_FROM|DOWN|TO|BY|ALONG|ME`],
    ["passed on", "PASSED ON >THE|IT|YOUR|THAT|THIS|TO"],
    ["passed only", "^ PASSED $"],
    ["deceased", "DECEASED|DECESED|DECEASE|DECEASD"],
    ["died", `${WHO}|JOHNSON *5 DIED|EXPIRED >DOWN`, "not_a_person"],
    [
      "died when",
      "DIED|EXPIRED IN|LAST|TWO|THREE|OF|A|SEVERAL|YEARS|FROM|ON|1|2|3|4|5|6|7|8|9|10 *2",
      "not_a_person",
    ],
    ["sorry to say", "SAY|REPORT|INFORM_YOU *4 DIED", "not_a_person"],
    ["died only", "^ *1 DIED $", "not_a_person"],
    [
      "is dead",
      `${WHO}|IS|ROBERT|BEEN IS|WAS|ARE|HAS_BEEN|BEEN|ALREADY? DEAD >SERIOUS|SET|BROKE|TIRED|WRONG|END|TREES|LAND|TO_ME`,
      "not_a_person",
    ],
    ["dead so long", "BEEN|IS DEAD FOR|SINCE|10|5|6|7|8|9|YEARS"],
    ["hes dead", "^ HES|SHES|THEYRE|THEIR|DADS|MOMS DEAD|GONE $"],
    ["no longer living", "NO_LONGER|NOT|ISNT|ARENT LIVING|ALIVE|WITH_US >HERE|THERE|IN|ON|AT|AROUND"],
    [
      "with the lord",
      "WENT|GONE|IS|SHES|HES|NOW TO? BE|HOME|WITH|IN WITH|TO? THE_LORD|JESUS|GOD|HEAVEN|THE_LORDS",
    ],
    ["to heaven", "GONE|WENT TO HEAVEN|GLORY"],
    ["gone for years", "HES|SHES|HAS|DADS|MOMS|HAVE BEEN GONE *3 YEARS|YEAR|YRS"],
    ["in heaven", "IN HEAVEN"],
    [
      "lost them",
      "I|WE|THEY LOST HIM|HER|MY_HUSBAND|MY_WIFE|MOM|DAD|MY_MOM|MY_DAD|MY_MOTHER|MY_FATHER|THEM|MY_SON|" +
        "MY_BROTHER|MY_SISTER",
    ],
    [
      "lost kin",
      "^ JUST? LOST MY HUSBAND|WIFE|MOM|DAD|MOTHER|FATHER|SON|BROTHER|SISTER|DAUGHTER|GRANDMA|GRANDPA",
    ],
    ["rest in peace", "RIP|REST_IN_PEACE|GOD_REST|REST_HIS_SOUL|REST_HER_SOUL"],
    ["buried", "BURIED|CREMATED HIM|HER|MY_DAD|MY_MOM|DAD|MOM|THEM|MY"],
    ["funeral", "HIS|HER|DADS|MOMS|HUSBANDS|WIFES FUNERAL|MEMORIAL|OBITUARY"],
    ["killed", `${WHO} *2 KILLED|MURDERED|DROWNED`],
    ["suicide", "COMMITTED|HIS|HER SUICIDE"],
    ["the late", "OF|MY|THE|FOR LATE HUSBAND|WIFE|FATHER|MOTHER|BROTHER|SISTER|MR|MRS|HAROLD"],
    ["gone", "DADS|MOMS|HES|SHES GONE HE|SHE DIED|PASSED"],
  ],
};

export const DECEASED_ES: RuleList = {
  kind: "deceased",
  language: "es",
  rules: [
    ["falleció", "FALLECIO|FALLECIDO|FALLECIDA|FALLECIERON|FALLECIDOS|FALLESIO"],
    ["murió", "MURIO|MURIERON", "not_a_person_es"],
    ["muerto", "ESTA|ESTAN|YA MUERTO|MUERTA|MUERTOS >DE"],
    ["no está con nosotros", "NO ESTA|SE_ENCUENTRA CON|ENTRE NOSOTROS"],
    ["se nos fue", "SE NOS FUE|ADELANTO"],
    ["en paz descanse", "DESCANSE|DESCANSA|DESCANSEN|PAZ EN_PAZ|DESCANSE"],
    ["q.e.p.d.", "QEPD|Q_E_P_D|EPD"],
    ["difunto", "DIFUNTO|DIFUNTA|FINADO|FINADA"],
    ["se lo llevó Dios", "DIOS SE LO|LA|LOS LLEVO"],
    ["descansó", "YA DESCANSO"],
    ["perdimos", "PERDIMOS|PERDI A MI|NUESTRO|NUESTRA"],
    ["con el Señor", "PARTIO|PARTIERON|FUE|ESTA CON EL_SENOR|DIOS"],
    ["ya no vive", "ELLA|EL|ELLOS|SENOR|SENORA|YA_EL YA NO VIVE $"],
  ],
};
