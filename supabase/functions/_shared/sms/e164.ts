// Phone numbers as Twilio and our tables have them: E.164 (ITU-T), + and 7 to 15 digits.

/** The checks of the tables have the same pattern; a test compares them. */
export const E164 = /^\+[1-9][0-9]{6,14}$/;
