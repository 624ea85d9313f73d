/** A table for people: columns as wide as their widest cell, numbers to the right, at most `widthMax` characters a cell. */
export const table = (rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[], widthMax = 60): string => {
  const text = (value: unknown): string => {
    const whole = value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return whole.length > widthMax ? `${whole.slice(0, widthMax - 1)}…` : whole;
  };
  const cells = rows.map((row) => columns.map((column) => text(row[column])));
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const isNumber = columns.map((column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => (isNumber[index] === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd();
  return [line(columns.map((column) => column.toUpperCase())), ...cells.map(line)].join('\n');
};

/** A bar that rewrites itself on a terminal, and says a line at every tenth elsewhere. Goes to stderr: stdout is for results. */
export const progressBar = (label: string, total: number): { readonly update: (done: number, note?: string) => void; readonly end: () => void } => {
  const isTerminal = process.stderr.isTTY;
  let tenth = -1;
  return {
    update: (done, note = '') => {
      const share = total === 0 ? 1 : done / total;
      if (isTerminal) {
        const filled = Math.round(share * 30);
        process.stderr.write(`\r${label} [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${done}/${total} ${note}\x1b[K`);
      } else if (Math.floor(share * 10) > tenth) {
        tenth = Math.floor(share * 10);
        process.stderr.write(`${label} ${done}/${total} ${note}\n`);
      }
    },
    end: () => {
      if (isTerminal) process.stderr.write('\n');
    },
  };
};
