/** Where a customer follows an order: `<public URL>/track/<token>`. */
export const trackingUrlOf =
  (publicUrl: string) =>
  (token: string): string =>
    `${publicUrl}/track/${token}`;
