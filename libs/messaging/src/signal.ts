/** Wakes one sleeping loop; a notice that comes while it is awake is not lost. */
export class Signal {
  #noticed = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#noticed = true;
    this.#wake?.();
  }

  /** Resolves at the next notice (at once if there was one since the last wait), or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#noticed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#noticed = false;
  }
}
