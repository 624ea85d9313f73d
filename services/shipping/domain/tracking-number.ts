/*
 * Tracking numbers follow UPU standard S10 ("Identification of postal items: 13-character identifier"): two letters that name the
 * kind of item, eight digits, a check digit, the issuing post's country (ISO 3166-1 alpha-2). The simulated carrier issues kinds
 * HA to HW, which the standard gives to e-commerce parcels.
 *
 * Check digit: the digits weighted 8 6 4 2 3 5 9 7 are summed; 11 minus the sum's remainder by 11; 10 becomes 0, 11 becomes 5.
 * A wrong digit or a swap of two neighbors changes the remainder; it stays unseen only where the remainders are 0 and 6, which
 * share the digit 5 (1 or 2 in 100). Worked example: 47312482 has check digit 9.
 */
const weights = [8, 6, 4, 2, 3, 5, 9, 7] as const;
const shape = /^[A-Z]{2}(\d{8})(\d)[A-Z]{2}$/;

/** The S10 check digit of an eight-digit serial number. */
export const checkDigit = (serial: string): number => {
  const sum = weights.reduce((total, weight, place) => total + weight * Number(serial[place]), 0);
  const digit = 11 - (sum % 11);
  return digit === 10 ? 0 : digit === 11 ? 5 : digit;
};

/** Whether a text is an S10 number with the right check digit. */
export const isTrackingNumber = (text: string): boolean => {
  const [, serial, digit] = shape.exec(text) ?? [];
  return serial !== undefined && checkDigit(serial) === Number(digit);
};

/** Builds an S10 number, for example `trackingNumber('HA', 47312482, 'BR')` is `HA473124829BR`. */
export const trackingNumber = (kind: string, serial: number, countryCode: string): string => {
  const digits = String(serial).padStart(8, '0');
  return `${kind}${digits}${checkDigit(digits)}${countryCode}`;
};
