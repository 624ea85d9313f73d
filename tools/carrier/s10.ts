const weights = [8, 6, 4, 2, 3, 5, 9, 7] as const;

/** A tracking number of UPU standard S10: kind, eight digits, check digit (weights 8 6 4 2 3 5 9 7, modulo 11), country. */
export const s10 = (kind: string, serial: number, countryCode: string): string => {
  const digits = String(serial).padStart(8, '0');
  const rest = weights.reduce((sum, weight, n) => sum + weight * Number(digits[n]), 0) % 11;
  return `${kind}${digits}${rest === 0 ? 5 : rest === 1 ? 0 : 11 - rest}${countryCode}`;
};
