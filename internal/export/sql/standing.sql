-- What transactions are counted in, and the one before which all are over.
SELECT ingest.feed_epoch(), (SELECT ingest.feed_horizon())::text
