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
        const wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
        // Not written as the property's value: V8 would make it in its old space, where the timer stays until a full collection (session-client.ts).
        this.#wake = wake;
      });
    }
    this.#wake = undefined;
    this.#noticed = false;
  }
}
