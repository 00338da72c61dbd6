// What a claim gives after it found nothing to do for many messages in a row: the queue may hold more.
export interface Dropped {
  dropped: number;
}
