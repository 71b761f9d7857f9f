/** Takes every message of a measured Worker and does nothing with it, so that only the sending is measured. */
export default {
  queue() {},
};
