// Words of which names are made, as sets of folded words: lower case, without accents, points and apostrophes.

const setOf = (words: string) => new Set(words.split(/\s+/));

/** A word in the form in which it is looked up here. */
export function foldWord(word: string): string {
  const lower = word.toLowerCase();
  return PLAIN_WORD.test(lower) ? lower : lower.normalize("NFD").replace(/[\p{M}.'’,"()]/gu, "");
}
const PLAIN_WORD = /^[a-z]*$/;

/** Belong to the word after them: "de la Cruz", "van der Berg", "San Miguel". A name never ends in one. */
export const PARTICLES = setOf(
  `de del dela delas delos da das do dos di du des d la las los le lo el van vander von der den dem ter ten zu zum zur af
  san santa santo st saint ste mc bin ibn`,
);
/** Of these, the ones that are nobody's first name: a name that begins with one begins with its surname. */
export const LEADING_PARTICLES = setOf("de dela delas delos da das dos di du des von vander");
/** Stand between two owners; "y" and "e" also within one surname. */
export const CONNECTORS = setOf("& and y or + et with");
/** Belong to the surname before them. */
export const SUFFIXES = setOf(
  "jr sr ii iii iv v vi vii viii 2nd 3rd 4th esq esquire md dds cpa phd dvm rn hijo",
);
/** Of these, the ones that are first names too. */
export const NAMES_LIKE_SUFFIXES = setOf("v vi");
/** Are no part of a name. Some of these are names, unless a point follows. */
export const TITLES = setOf(
  "mr mrs ms miss mx dr dra sra srta rev reverend prof professor capt captain sgt dona",
);
export const TITLES_WITH_POINT = setOf("sr hon col lt gen maj cpl fr msgr ing lic arq atty");

/** First names common in the United States: they tell "Maria Church" and "Daniel Co" from "First Church" and "Acme Co". */
export const FIRST_NAMES = setOf(
  `aaron abby abel abigail abraham ada adam adela adrian adriana agnes agustin aida aileen al alan alana albert alberta alberto
  alejandra alejandro alex alexander alexandra alexis alfonso alfred alfredo alice alicia alisha allan allen allison alma alvaro
  alvin alyssa amalia amanda amber amelia ami amy ana anastasia andre andrea andreas andres andrew andy angel angela angelica
  angelina angelo angie anita ann anna anne annette annie anselmo anthony antonia antonio april araceli arlene armando arnold
  arnulfo art arthur arturo ashley aubrey audrey august augustin aurelio aurora austin ava barbara barry beatrice beatriz becky
  belinda ben benita benito benjamin bernadette bernard bernice bertha beth bethany betty beverly bill billy blake blanca bob
  bobby bonnie brad bradley brandi brandon brandy brenda brent brett brian bridget brittany brooke bruce bryan byron caleb
  calvin cameron camila carl carla carlos carlton carmela carmelita carmen carol carole carolina caroline carolyn carrie casey
  cassandra catalina catherine cathy cecil cecilia cedric celia celina cesar chad charlene charles charlie charlotte chelsea
  cheryl chester chloe chris christian christina christine christopher christy cindy claire clara clarence claude claudia
  clayton clifford clifton clinton clyde cody colin colleen connie conrad consuelo corey cory courtney craig cristina crystal
  curtis cynthia dale dan dana daniel daniela danielle danny darlene darrell darren daryl dave david dawn dean deanna debbie
  deborah debra delia della delores denise dennis derek derrick diana diane diego dina dolores dominic don donald donna dora
  doreen doris dorothy doug douglas duane dustin dwayne dwight dylan earl ed eddie edgar edith edna eduardo edward edwin
  efrain eileen elaine eleanor elena elias elijah elisa elizabeth ella ellen elmer eloise elsa elsie elva elvira emilia emilio
  emily emma emmanuel enrique eric erica erik erika erin ernest ernesto esmeralda esperanza estela esteban esther ethan ethel
  eugene eva evan evelyn fabian faith fatima faye federico felicia felipe felix fernando fidel flora florence floyd frances
  francis francisca francisco frank franklin fred freddie frederick gabriel gabriela gail garrett gary gavin gene genevieve
  george georgia gerald geraldine gerard gerardo german gilbert gilberto gina ginger gladys glen glenda glenn gloria gordon
  graciela greg gregorio gregory guadalupe guillermo gustavo guy gwendolyn hannah harold harriet harry harvey hazel heather
  hector heidi helen helena henry herbert heriberto herman hilda hiram holly homer hortencia howard hugh hugo humberto ian
  ignacio ilene imelda ines ingrid inez irene iris irma isaac isabel isabella isaiah ismael israel ivan jack jackie jackson
  jacob jacqueline jaime jake james jamie jan jane janet janice jared jasmine jason javier jay jean jeanette jeff jeffery
  jeffrey jenna jennie jennifer jenny jeremiah jeremy jerome jerry jesse jessica jessie jesus jill jim jimmy jo joan joann
  joanna joanne joaquin jocelyn jodi joe joel johanna john johnny jon jonathan jordan jorge jose josefa josefina joseph
  josephine joshua josue joy joyce juan juana juanita judith judy julia julian juliana julie julio june justin karen karina
  karl karla kate katherine kathleen kathryn kathy katie katrina kay kayla keith kelli kelly ken kendra kenneth kent kerry
  kevin kim kimberly kirk krista kristen kristin kristina kurt kyle lance larry latoya laura lauren laurie lawrence leah lee
  leigh lena leo leon leonard leonardo leonor leroy leslie leticia lewis lidia lillian lily linda lindsay lindsey lisa lloyd
  logan lois lola lonnie lora lorena lorenzo loretta lori lorraine louis louise lourdes lucas lucia luciano lucille lucy luis
  luisa lupe luz lydia lynn mabel mae magdalena malcolm manuel manuela marc marcela marcelo marcia marco marcos marcus margaret
  margarita margie maria marian mariana marianne maribel maricela marie marilyn mario marion marisol marissa marjorie mark
  marlene marsha marta martha martin marvin mary maryann mateo mathew matilde matt matthew maureen maurice mauricio max maxine
  megan melanie melinda melissa melvin mercedes meredith michael michele michelle miguel mike mildred milton mindy miranda
  miriam misty mitchell moises molly monica monique morgan muriel myra myrna myrtle nadia nancy naomi natalia natalie natasha
  nathan nathaniel neil nellie nelson nestor nicholas nichole nick nicolas nicole nina noah noe noel noemi nora norma norman
  octavio ofelia olga olive oliver olivia omar opal ora oralia orlando oscar otto owen pablo paige pam pamela pat patricia
  patrick patsy patti patty paul paula paulette pauline pearl pedro peggy penny perla perry pete peter petra phil philip
  phillip phyllis pilar rachel rafael ralph ramiro ramon ramona randall randy raquel raul ray raymond raymundo rebecca regina
  reginald rene renee rey reynaldo rhonda ricardo richard rick ricky rigoberto rita rob robert roberta roberto robin robyn
  rocio rodney rodolfo rodrigo rogelio roger roland rolando roman ron ronald ronnie rosa rosalie rosalinda rosario rosaura rose
  rosemarie rosemary rosie ross roxanne roy ruben ruby rudy russell ruth ryan sabrina sally salvador sam samantha samuel sandra
  sandy santiago santos sara sarah saul scott sean sebastian sergio seth shane shannon sharon shaun shawn sheila shelby shelly
  sheri sherri sherry sheryl shirley silvia simon simone socorro sofia sonia sonya sophia sophie stacey stacy stanley stella
  stephanie stephen steve steven stuart sue susan susana susie suzanne sylvia tabitha tamara tammy tanya tara tasha taylor ted
  teresa teri terrance terrence terri terry thelma theodore theresa thomas tiffany tim timothy tina todd tom tomas tommy toni
  tony tonya tracey traci tracy travis trinidad trent trevor tricia troy tyler tyrone ursula valentin valeria valerie vanessa
  velma vera vernon veronica vicente vicki vickie vicky victor victoria vincent viola violet virgil virginia vivian wade wallace
  walter wanda warren wayne wendy wesley whitney wilfredo will william willie wilma xavier ximena xiomara yesenia yolanda yvette
  yvonne zachary zoe zoila anh binh chen chi dung duc hai hoa hong hung huong khanh lan linh long mai mei minh my nam nga ngoc
  nhung phuong quan quang son thanh thao thi thu thuy tien tuan tuyet vi wei xin ying yuki hiroshi kenji jin jun soo sung young
  rajesh amit anil anita arjun deepak kumar mohammed muhammad ahmed ali fatima hassan ibrahim omar patel priya raj ravi sanjay
  sunil vijay dimitri igor ivan natalya olga sergei vladimir giovanni giuseppe hans klaus liam sean siobhan brigid declan`,
);
