import type { Json } from '../formats/strict-json.ts';

/** Something others may want to know of. */
export type Notification = {
  /** Stable: whoever hears of it twice can tell. */
  readonly id: string;
  /** The policy's word for it: `deny`, `allow`, … */
  readonly type: string;
  /** When it happened, ISO 8601. */
  readonly time: string;
  readonly data: Json;
};

/** Tells others what happened. */
export interface Notifier {
  /** Throws SignwrightError `unreachable` or `configuration` where they were not told; what happened stands all the same. */
  notify(event: Notification): Promise<void>;
}
