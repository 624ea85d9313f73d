import { refuse, type Refusal } from '@orderlog/decider';
export const x = (): Refusal<'A'> => refuse('A');
