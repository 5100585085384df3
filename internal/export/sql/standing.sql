-- What transactions are counted in, empty if not known, and the one before which all are over.
SELECT coalesce(ingest.feed_epoch(), ''), (SELECT ingest.feed_horizon())::text
