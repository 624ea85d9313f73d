import { refuse, type Command, type Decider } from '@orderlog/decider';
import { alongTheAisles } from './bin.js';
import type { PickListEntry, PickListEvent } from './events.js';

/** Fulfillment orders one wave holds at most: the cells of a put wall. */
export const cellsPerWall = 20;

/** What may be asked of a pick list. */
export type PickListCommand =
  | Command<'CreatePickList', { pickListId: string; centerId: string; entries: readonly PickListEntry[] }>
  | Command<'AssignPickList', { workerId: string }>
  | Command<'CompletePickList', object>;

/** Why a command was not followed. */
export type PickListRefusal = 'PickListUnknown' | 'PickListCompletedBefore' | 'PickListEmpty';

/** One wave: the stops of a picker for up to `cellsPerWall` fulfillment orders. */
export type PickList = {
  readonly status: 'unknown' | 'created' | 'assigned' | 'completed';
  readonly pickListId: string;
  readonly centerId: string;
  readonly workerId: string;
  readonly entries: readonly PickListEntry[];
};

const unknownPickList: PickList = { status: 'unknown', pickListId: '', centerId: '', workerId: '', entries: [] };

/** The cell of the nth fulfillment order of a wave. */
export const cellCode = (n: number): string => `C${String(n + 1).padStart(2, '0')}`;

/** A pick list is created with its stops in walking order, assigned (again, if its worker left), and completed once. */
export const pickList: Decider<PickListCommand, PickListEvent, PickList, PickListRefusal> = {
  initialState: unknownPickList,

  decide({ type, data }, { status, pickListId, workerId }) {
    if (type === 'CreatePickList') {
      if (status !== 'unknown') return [];
      if (data.entries.length === 0) return refuse('PickListEmpty');
      return [{ type: 'PickListCreated', data: { pickListId: data.pickListId, centerId: data.centerId, entries: alongTheAisles(data.entries) } }];
    }
    if (status === 'unknown') return refuse('PickListUnknown');
    switch (type) {
      case 'AssignPickList':
        if (status === 'completed') return refuse('PickListCompletedBefore');
        if (data.workerId === workerId) return [];
        return [{ type: 'PickListAssigned', data: { pickListId, workerId: data.workerId } }];
      case 'CompletePickList':
        return status === 'completed' ? [] : [{ type: 'PickListCompleted', data: { pickListId } }];
    }
  },

  evolve(state, { type, data }) {
    switch (type) {
      case 'PickListCreated':
        return { status: 'created', pickListId: data.pickListId, centerId: data.centerId, workerId: '', entries: data.entries };
      case 'PickListAssigned':
        return { ...state, status: 'assigned', workerId: data.workerId };
      case 'PickListCompleted':
        return { ...state, status: 'completed' };
    }
  },
};
