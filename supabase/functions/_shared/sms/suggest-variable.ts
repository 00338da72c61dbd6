// Suggests the variable that a person meant if they misspelt one or wrote it in Spanish.
import { VARIABLES, variableKey } from "./variables.ts";

/** What writers of Spanish templates tend to type; suggested, not accepted, so that stored templates stay uniform. */
const SPANISH: Record<string, string> = {
  nombre: "first_name",
  primernombre: "first_name",
  apellido: "last_name",
  nombrecompleto: "full_name",
  propietario: "full_name",
  dueno: "full_name",
  condado: "county",
  ciudad: "city",
  estado: "state",
  direccion: "property_address",
  tipo: "property_type",
  marca: "brand",
  empresa: "brand",
  compania: "brand",
  agente: "agent_name",
  hoy: "today",
  fecha: "today",
  telefono: "phone",
  correo: "email",
  codigopostal: "zip_code",
  acres: "acreage",
  parcela: "parcel_id",
};

/** Edits (insert, delete, replace, swap of neighbours) between two short words. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  ) as number[][];
  const at = (i: number, j: number) => (rows[i] as number[])[j] as number;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = best;
    }
  }
  return at(a.length, b.length);
}

/** Canonical name of the nearest known variable, or undefined if none is near enough to be meant. */
export function suggestVariable(spelling: string): string | undefined {
  const key = variableKey(spelling).normalize("NFD").replace(/\p{M}/gu, "").slice(0, 40);
  const spanish = SPANISH[key];
  if (spanish) return spanish;
  let best: string | undefined;
  // A third of the word may differ: "fistname" is near "firstname", "name" is not near "today".
  let distance = Math.floor(Math.max(key.length, 3) / 3) + 1;
  for (const variable of VARIABLES) {
    for (const candidate of [variable.name, ...variable.aliases]) {
      const edits = editDistance(key, variableKey(candidate));
      if (edits < distance) {
        distance = edits;
        best = variable.name;
      }
    }
  }
  return best;
}
