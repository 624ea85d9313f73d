/** Countries without postal codes (Universal Postal Union): everywhere else an address has to have one. */
const without: ReadonlySet<string> = new Set(
  (
    'AE AG AO AW BF BI BJ BO BQ BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GM GN GQ GY HK JM KI KM KN KP LC ML MO MR MW NR NU ' +
    'PA QA RW SB SC SL SR SS ST SX SY TD TF TG TK TL TO TT TV UG VU YE ZW'
  ).split(' '),
);

/** Does an address in this country need a postal code? */
export const hasPostalCodes = (countryCode: string): boolean => !without.has(countryCode);
