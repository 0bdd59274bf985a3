// Which forms this tab asked for. A user may have several clients open: only the one that pressed the button opens the form.

/** How many answers and forms wait for each other; older ones are forgotten. */
const KEPT = 20;

/** Pairs a form with the press that asked for it, whichever the server tells first. */
export class Triggers<Form> {
  private readonly asked = new Set<string>();
  private readonly early = new Map<string, Form>();

  /** A press or a command was answered with this id; gives the form if it has already come. */
  ask(id: string): Form | undefined {
    if (!id) return undefined;
    const form = this.early.get(id);
    if (form) this.early.delete(id);
    else trim(this.asked.add(id));
    return form;
  }

  /** A form came; gives it back when this tab asked for it. */
  arrive(id: string, form: Form): Form | undefined {
    if (this.asked.delete(id)) return form;
    trim(this.early.set(id, form));
    return undefined;
  }
}

function trim(list: Set<string> | Map<string, unknown>): void {
  for (const oldest of list.keys()) {
    if (list.size <= KEPT) return;
    list.delete(oldest);
  }
}
