/* What every page has. Each module stands alone and starts itself. */
import "./theme.js";
import "./time.js";
import "./feedback.js";
import "./dialog.js";
import "./find.js";
import "./keys.js";
