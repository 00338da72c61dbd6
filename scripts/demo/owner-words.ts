// Words that made-up owners are put together from.

export const FIRST_NAMES = [
  ...[
    "María",
    "José",
    "Guadalupe",
    "Juan",
    "Rosa",
    "Ángel",
    "Lucía",
    "Ramón",
    "Inés",
    "Óscar",
    "Sofía",
    "Raúl",
  ],
  ...["Begoña", "Íñigo", "Zoë", "Noemí", "Mónica", "Héctor", "Jesús", "Verónica", "Andrés", "Pilar", "Luis"],
  ...["James", "Linda", "Robert", "Susan", "Walter", "Joyce", "Dwayne", "Martha", "Earl", "Denise", "Craig"],
] as const;

export const LAST_NAMES = [
  ...[
    "García",
    "Muñoz",
    "Hernández",
    "Peña",
    "Ibáñez",
    "Castañeda",
    "Núñez",
    "López",
    "Sáenz",
    "Yáñez",
    "Treviño",
  ],
  ...[
    "Ortega Ruiz",
    "de la Cruz",
    "Del Río",
    "O'Brien",
    "Smith-Lee",
    "Whitfield",
    "Kowalski",
    "Nguyen",
    "Okafor",
  ],
  ...["Johnson", "Miller", "Dupré", "Schröder", "Baker", "Reyes", "Salinas", "Vela", "Rivera", "Montoya"],
] as const;

export const STREETS = [
  ...["N Main St", "County Road 1140", "FM 2093", "Calle del Peñón", "W Mesa Ave", "Cañón Rd", "Old Mill Ln"],
  ...["Rancho Viejo Dr", "State Hwy 16", "E 4th St", "Paseo del Río", "Box Elder Ct"],
] as const;

export const CITIES = [
  ...[
    "San Ángelo",
    "Cañon City",
    "Española",
    "Fort Stockton",
    "Ocala",
    "Show Low",
    "Los Baños",
    "Big Spring",
  ],
  ...["Port Charlotte", "Deming", "Kingman", "Alamosa", "Hempstead", "Marfa"],
] as const;

export const COUNTIES = [
  ...["Bexar", "Doña Ana", "Presidio", "Mohave", "Costilla", "Marion", "Val Verde", "Hidalgo", "Río Arriba"],
  ...["Navajo", "Kern", "Polk", "Elko", "Luna", "Brewster"],
] as const;

export const NOTES = [
  'Owner calls it "El Rincón", fenced',
  "Corner lot, road access, no power",
  "Inherited 2014, three heirs",
  "Asked for a letter, then a call",
  "Back taxes, 2 years",
  "Well, windmill; needs survey",
] as const;

/** What a phone column holds where there is no phone that can be texted. */
export const BAD_PHONES = [
  ...["N/A", "555-0123", "(800) 555-0199", "5.12556E+09", "+44 20 7946 0018", "000-555-0142"],
  ...["call after 5pm", "1-512-155-0100", "51255501", "911"],
] as const;
