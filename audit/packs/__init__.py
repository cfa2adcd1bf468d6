"""Evidence packs: a folder, zipped, that proves one stream offline."""
