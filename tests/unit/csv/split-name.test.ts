// Whole names as assessors, skip tracers and people write them.
import { describe, expect, it } from "vitest";
import { normaliseRow, planRows } from "../../../supabase/functions/_shared/csv/normalise-row.ts";
import { foldWord } from "../../../supabase/functions/_shared/leads/name-words.ts";

const plan = planRows(["Owner", "Phone"], { Owner: "full_name", Phone: "primary_phone" }, []);
const nameOf = (cell: string) => {
  const { lead } = normaliseRow({ line: 2, cells: [cell, "512-555-0100"] }, plan);
  return [lead?.first_name ?? "", lead?.last_name ?? ""];
};

const PEOPLE = `Juan de la Cruz|Juan|de la Cruz
JOSE LUIS DE LA ROSA|Jose Luis|de la Rosa
Vincent van der Berg|Vincent|van der Berg
MARIA DEL TORO|Maria|del Toro
Maria de los Angeles|Maria|de los Angeles
Maria del Carmen Garcia|Maria del Carmen|Garcia
Carlos San Miguel|Carlos|San Miguel
CRUZ, JUAN DE LA|Juan|de la Cruz
DE LA CRUZ, JUAN|Juan|de la Cruz
DE LEON MARIA|Maria|de Leon
Van Nguyen|Van|Nguyen
Del Smith|Del|Smith
Jose Garcia y Vega|Jose|Garcia y Vega
John Smith Jr|John|Smith Jr
JOHN SMITH III|John|Smith III
John Smith, Esq.|John|Smith Esq.
Smith, John, Jr.|John|Smith Jr.
Smith, Jr., John|John|Smith Jr.
John Smith, MD|John|Smith MD
Dr. John Smith|John|Smith
Mr. and Mrs. John Smith|John|Smith
Mr. Smith||Smith
Sr. Juan Perez|Juan|Perez
Smith, Dr. John|John|Smith
SMITH, AL|Al|Smith
ZOE Y|Zoe|Y
SMITH JOHN W|John W|Smith
SMITH J W JR LIFE ESTATE|J W|Smith Jr Life Estate
John Smith W|John Smith|W
NGUYEN, VI|Vi|Nguyen
VI NGUYEN|Vi|Nguyen
AL GREEN|Al|Green
Maria Church|Maria|Church
John Smith & Mary Church|John|Smith & Mary Church
MARIA ELENA CHURCH|Maria Elena|Church
Church, Maria|Maria|Church
Daniel Co|Daniel|Co
JOSE BANK|Jose|Bank
BOB PARISH|Bob|Parish
Jim Park|Jim|Park
John & Mary Smith|John & Mary|Smith
JOHN W & MARY L SMITH|John W & Mary L|Smith
SMITH JOHN W & MARY L|John W & Mary L|Smith
SMITH, JOHN & MARY|John & Mary|Smith
Smith, John & Jones, Mary|John|Smith & Jones, Mary
John Smith & Mary Jones|John|Smith & Mary Jones
John Smith and Mary Jones|John|Smith and Mary Jones
Jose y Maria Garcia|Jose y Maria|Garcia
John/Mary Smith|John/Mary|Smith
John Smith c/o Mary Jones|John|Smith c/o Mary Jones
JOHN SMITH LIFE ESTATE|John|Smith Life Estate
GARCIA MARIA &|Garcia|Maria
O'BRIEN PAT|O'Brien|Pat
Prince|Prince|`.split("\n");
const ENTITIES =
  `SMITH FAMILY REVOCABLE LIVING TR|JOHN SMITH TTEE|JOHN SMITH TR|John Smith Trustee|Smith Family|XYZ Realty PLLC
GREEN ACRES FARM|ACME LAND CO|Smith & Sons|Smith & Co|US Bank|Bank of America|1st National Bank
First Baptist Church|Grace Church|St Mary Church|STATE OF TEXAS|City of Austin|United States of America
HEIRS OF JOHN SMITH|John Smith Heirs|ESTATE OF MARIA LOPEZ|JOHN SMITH ESTATE|JOHN SMITH EST
John Smith (Deceased)|CURRENT OWNER|Owner of Record|Occupant|Unknown Owner|Propietario actual
Herederos de Juan Perez|Sucesion de Maria Lopez|Fideicomiso Lopez|1845 Land|Oak Creek HOA|John Smith IRA
Acme, LLC|Hill Country Ranch|Smith Lumber Co`.split(/[|\n]/);

describe("a person", () => {
  it.each(PEOPLE.map((line) => line.split("|")))("%s is %j %j", (cell, first, last) => {
    expect(nameOf(cell as string)).toEqual([first, last]);
  });

  it("loses no word but titles, if both names are read one after the other", () => {
    const sorted = (text: string) =>
      text
        .split(/[\s,]+/)
        .map(foldWord)
        .filter(Boolean)
        .sort();
    for (const line of PEOPLE.filter((one) => !/^(?:mr|dr|sr)\.|, dr\.|&\|/i.test(one))) {
      const cell = line.split("|")[0] as string;
      expect(sorted(nameOf(cell).join(" ")), cell).toEqual(sorted(cell));
    }
  });
});

it.each(ENTITIES)("%s has no first name", (cell) => {
  const [first, last] = nameOf(cell);
  expect(first).toBe("");
  expect((last as string).toLowerCase()).toBe(cell.toLowerCase());
});
