import { problems, type RefusalTable } from '@orderlog/edge';
import type { MoveRefusal } from '../../application/move-stock.js';

/** What the refusals of a movement by hand mean to a caller. */
export const moveRefusals: RefusalTable<MoveRefusal> = {
  UnknownCenter: { slug: 'unknown-center', status: 422, title: 'There is no such center' },
  CentersBehind: problems.unavailable,
  UnknownSku: { slug: 'unknown-sku', status: 422, title: 'There is no such item' },
  StockWouldGoNegative: { slug: 'stock-would-go-negative', status: 409, title: 'There is not so much stock that is free' },
  TooMuchStock: { slug: 'too-much-stock', status: 422, title: 'A center cannot hold so much' },
  AlreadyRecordedDifferently: { slug: 'already-recorded', status: 409, title: 'This id was used before with another content' },
};

