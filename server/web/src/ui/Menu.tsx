import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './Icon';
import { opensAbove } from './room';

export interface MenuItem {
  label: string;
  icon?: IconName;
  run: () => void;
  danger?: boolean;
  /** Shown as the tooltip of a disabled entry. */
  disabled?: string;
  /** Draws a tick: the entry is a switch. */
  checked?: boolean;
}

interface Props {
  label: string;
  items: (MenuItem | null)[];
  children: ComponentChildren;
  class?: string;
  align?: 'left' | 'right';
  up?: boolean;
}

/** A button that opens a list of actions. Arrow keys move, Escape closes. */
export function Menu({ label, items, children, class: className = 'icon-button', align = 'left', up = false }: Props) {
  const [open, setOpen] = useState(false);
  const [above, setAbove] = useState(up);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('.menu-item:not([aria-disabled=true])')?.focus();
    const away = (event: MouseEvent) => !box.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener('mousedown', away);
    return () => document.removeEventListener('mousedown', away);
  }, [open]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      setOpen(false);
      box.current?.querySelector('button')?.focus();
      event.stopPropagation();
    }
    if (!open || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    event.preventDefault();
    const entries = [...(box.current?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    entries[(at + (event.key === 'ArrowDown' ? 1 : entries.length - 1)) % entries.length]?.focus();
  };

  const toggle = () => {
    setAbove(up || opensAbove(box.current, items.length * 36));
    setOpen(!open);
  };

  return (
    <div class="menu-box" ref={box} onKeyDown={onKey}>
      <button type="button" class={className} aria-label={label} title={label} aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
        {children}
      </button>
      {open && (
        <div class={`menu menu-${align}${above ? ' menu-up' : ''}`} role="menu" aria-label={label}>
          {items.map(
            (item) =>
              item && (
                <button
                  key={item.label}
                  type="button"
                  class={item.danger ? 'menu-item danger' : 'menu-item'}
                  role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
                  aria-checked={item.checked}
                  aria-disabled={item.disabled ? true : undefined}
                  title={item.disabled}
                  onClick={(event) => {
                    if (item.disabled) return;
                    setOpen(false);
                    // Chosen by key: a dialog that closes gives the focus back to the menu's button, which stays.
                    if (event.detail === 0) box.current?.querySelector('button')?.focus();
                    item.run();
                  }}
                >
                  {item.icon && <Icon name={item.icon} size={16} />}
                  <span>{item.label}</span>
                  {item.checked && <Icon name="check" size={16} />}
                </button>
              ),
          )}
        </div>
      )}
    </div>
  );
}
