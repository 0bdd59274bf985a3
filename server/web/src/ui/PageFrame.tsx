// A page of its own with several sections: their list at the side, on a phone a select above.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { Icon, type IconName } from './Icon';

export interface PagePlace {
  id: string;
  title: string;
  path: string;
  icon: IconName;
}

interface Props {
  title: string;
  places: readonly PagePlace[];
  here: PagePlace;
  /** Where "Back to messages" leads. */
  back: string;
  children: ComponentChildren;
}

export function PageFrame({ title, places, here, back, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Who uses a keyboard or listens begins at the section's title, not at the list again.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) heading.current?.focus();
    first.current = false;
  }, [here.id]);
  return (
    <div class="page" onClick={followLink}>
      <aside class="page-side">
        <a class="side-item" href={back}>
          <Icon name="back" size={16} />
          {t('page.backToMessages')}
        </a>
        <h2>{title}</h2>
        <nav class="wide-only" aria-label={title}>
          {places.map((place) => (
            <a key={place.id} href={place.path} class={place.id === here.id ? 'side-item active' : 'side-item'} aria-current={place.id === here.id ? 'page' : undefined}>
              <span class="side-icon">
                <Icon name={place.icon} size={16} />
              </span>
              {place.title}
            </a>
          ))}
        </nav>
        <select class="narrow-only" aria-label={`${title}: section`} value={here.id} onChange={(event) => navigate(places.find((place) => place.id === event.currentTarget.value)?.path ?? here.path)}>
          {places.map((place) => (
            <option key={place.id} value={place.id}>
              {place.title}
            </option>
          ))}
        </select>
      </aside>
      <main class="page-main panel-scroll">
        <h1 ref={heading} tabIndex={-1}>
          {here.title}
        </h1>
        {children}
      </main>
    </div>
  );
}
