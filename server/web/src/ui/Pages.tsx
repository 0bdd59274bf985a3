import { useEffect, useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { useLoaded, type Loaded } from './useLoaded';

export interface Paged<T> extends Loaded<T[]> {
  page: number;
  size: number;
  go: (page: number) => void;
}

/** A list that comes in pages; `key` stands for its filters, and another one begins with the first page. */
export function usePages<T>(fetch: (page: number, size: number) => Promise<T[]>, key = '', size = 50): Paged<T> {
  const [page, setPage] = useState(0);
  useEffect(() => setPage(0), [key]);
  const loaded = useLoaded(() => fetch(page, size), `${key} ${page}`);
  return { ...loaded, page, size, go: setPage };
}

/** Goes through the pages; nothing when there is one only. */
export function Pages<T>({ of }: { of: Paged<T> }) {
  const more = (of.value?.length ?? 0) >= of.size;
  if (of.page === 0 && !more) return null;
  return (
    <nav class="row pages" aria-label={t('page.pages')}>
      <button type="button" class="button small" disabled={of.page === 0} onClick={() => of.go(of.page - 1)}>
        {t('page.previous')}
      </button>
      <span class="hint">{t('page.number', { number: of.page + 1 })}</span>
      <button type="button" class="button small" disabled={!more} onClick={() => of.go(of.page + 1)}>
        {t('page.next')}
      </button>
    </nav>
  );
}
