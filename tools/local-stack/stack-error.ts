/** Something outside Orderlog is missing or in the way; said in one line, with what to do about it. */
export class StackError extends Error {
  constructor(
    /** What is wrong, with the names and numbers a person needs. */
    readonly reason: string,
    /** What to do about it. */
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${reason} -> ${remedy}`, options);
    this.name = 'StackError';
  }
}

/** The `code` of a Node or system error, or undefined. Not by `instanceof`: under Jest Node's errors come from another realm. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Turns what the file system says about `path` into a StackError; anything unforeseen is passed on as it is. */
export const fileError = (error: unknown, path: string): unknown => {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT': // what mkdir says of a read-only parent
      return new StackError(`${path} cannot be written`, 'make it writable for this user, or choose another folder with --data', { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new StackError(`the disk of ${path} is full`, 'free some space, or choose a folder on another disk with --data', { cause: error });
    case 'ENOTDIR':
    case 'EEXIST':
      return new StackError(`${path} is not a folder`, 'choose another folder with --data', { cause: error });
    default:
      return error;
  }
};
