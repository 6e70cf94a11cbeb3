import type { Json } from '@signwright/signing-core';

/** Captions and ids of enumerations that several classes share. */
export const SUCCESS = { status_id: 1, status: 'Success' };
export const FAILURE = { status_id: 2, status: 'Failure' };
export const SEVERITY = {
  informational: { severity_id: 1, severity: 'Informational' },
  low: { severity_id: 2, severity: 'Low' },
  medium: { severity_id: 3, severity: 'Medium' },
  high: { severity_id: 4, severity: 'High' },
  unknown: { severity_id: 0, severity: 'Unknown' },
};
export type Severity = (typeof SEVERITY)[keyof typeof SEVERITY];

type Class = {
  readonly category_uid: number;
  readonly category_name: string;
  readonly class_uid: number;
  readonly class_name: string;
};
type Activity = { readonly activity_id: number; readonly activity_name: string };

/** The class and activity of an event, with the type that follows from them. */
export function typed(category: Class, activity: Activity): { readonly [name: string]: Json } {
  return {
    ...category,
    ...activity,
    type_uid: category.class_uid * 100 + activity.activity_id,
    type_name: `${category.class_name}: ${activity.activity_name}`,
  };
}
