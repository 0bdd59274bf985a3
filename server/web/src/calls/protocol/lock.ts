// Before a client changes its tracks it takes the session's signalling lock over the data channel.

const RETRY_MS = 50;
const GIVE_UP_MS = 5_000;

export class LockError extends Error {}

/** Asks for the lock until it is granted; one request is outstanding at a time. Sans-IO: `send` writes the request. */
export class SignallingLock {
  private answer: ((acquired: boolean) => void) | null = null;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly send: (what: 'lock' | 'unlock') => void,
    private readonly wait: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
    private readonly now: () => number = Date.now,
  ) {}

  /** The server's answer to a request. */
  onAnswer(acquired: boolean): void {
    this.answer?.(acquired);
    this.answer = null;
  }

  /** Runs `work` holding the lock. Two callers wait for one another. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(async () => {
      await this.acquire();
      try {
        return await work();
      } finally {
        this.send('unlock');
      }
    });
    this.queue = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  private async acquire(): Promise<void> {
    const until = this.now() + GIVE_UP_MS;
    for (;;) {
      const answered = new Promise<boolean>((resolve) => {
        this.answer = resolve;
      });
      this.send('lock');
      const left = until - this.now();
      const acquired = await Promise.race([answered, this.wait(left).then(() => false)]);
      if (acquired) return;
      if (this.now() >= until) {
        this.answer = null;
        throw new LockError('The call service is busy. Try again.');
      }
      await this.wait(RETRY_MS);
    }
  }
}
