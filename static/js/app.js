/* What every page has: times, keys, find, dialogs, theme. Each module stands alone. */
