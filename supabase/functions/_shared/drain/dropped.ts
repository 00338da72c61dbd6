// What a claim returns after it found many queue messages in a row for which nothing is to be done: the queue may hold more.
export interface Dropped {
  dropped: number;
}
