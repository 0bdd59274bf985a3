import { confirmDialog } from '../ui/Dialog';
import type { MenuItem } from '../ui/Menu';
import { attempt, say } from '../ui/states';

/** The menu entry that replaces a secret. The old one cannot come back, so it asks. */
export function renewToken(what: string, run: () => Promise<unknown>, reload: () => void): MenuItem {
  return {
    label: `New ${what}`,
    icon: 'again',
    run: () =>
      confirmDialog(`Make a new ${what}?`, `The old ${what} stops working at once, and the other program needs the new one. There is no way back.`, `Make new ${what}`, () =>
        void attempt(run).then((went) => {
          reload();
          if (went) say(`There is a new ${what}. Give it to the other program.`);
        }),
      ),
  };
}
