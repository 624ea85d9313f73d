/** The SQLSTATE of an error of the database, or undefined. Every state has a digit; `EPIPE`, a system error, has none. */
export const sqlStateOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
};

/** Deadlock, serialization failure, lock timeout: the same transaction may well pass when it is run again at once. */
export const isContention = (error: unknown): boolean => ['40P01', '40001', '55P03'].includes(sqlStateOf(error) ?? '');

const connectionErrors = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN|ENOENT/;
const connectionWords = /connection terminated|connection ended|not queryable|timeout exceeded when trying to connect|server closed|client was closed/i;

/** The connection is gone (or never was): what was under way may have happened or not. */
export const isConnectionLoss = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  // 25P03, 25P04: the server ended the session, because a transaction stood still or took too long.
  if (state !== undefined) return state.startsWith('08') || state.startsWith('57P') || state === '25P03' || state === '25P04';
  if (!(error instanceof Error)) return false;
  return ('code' in error && connectionErrors.test(String(error.code))) || connectionWords.test(error.message);
};

/** Worth trying again later: SQLSTATE classes 08, 40, 53, 55 and 57, and connections that broke. */
export const isTransient = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  return isConnectionLoss(error) || (state !== undefined && ['08', '40', '53', '55', '57'].includes(state.slice(0, 2)));
};
