import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

const encode = (value: number, length: number): string => {
  let text = '';
  for (let n = 0, left = value; n < length; n += 1, left = Math.floor(left / 32)) text = `${alphabet[left % 32] ?? ''}${text}`;
  return text;
};

/** A new pick list id: 9 characters of time, 7 of chance, without letters that look like digits. Short enough for a barcode on paper. */
export const newPickListId = (): string => {
  let chance = '';
  for (const byte of randomBytes(7)) chance += alphabet[byte % 32] ?? '';
  return `${encode(Date.now(), 9)}${chance}`;
};
