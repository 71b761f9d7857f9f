-- Moves a project's cursor from p_from to p_to, or raises M6001 with the cursor's place as detail: the rest of the batch is undone.
CREATE FUNCTION advance_cursor(p_project text, p_name text, p_from bigint, p_to bigint, p_last_event_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE stands bigint;
BEGIN
	INSERT INTO projection_cursors (project, name, seq, updated_at) VALUES (p_project, p_name, 0, now()) ON CONFLICT (project) DO NOTHING;
	SELECT seq INTO stands FROM projection_cursors WHERE project = p_project FOR UPDATE;
	IF stands <> p_from THEN
		RAISE EXCEPTION 'the cursor does not stand where the page begins' USING ERRCODE = 'M6001', DETAIL = stands::text;
	END IF;
	UPDATE projection_cursors
	SET seq = p_to, name = coalesce(p_name, name), last_event_at = coalesce(p_last_event_at, last_event_at), updated_at = now()
	WHERE project = p_project;
END $$;
--> statement-breakpoint
-- Makes the event partitions of the month of p_at (UTC) and of the p_ahead months after it; events already in the default partition move over.
CREATE FUNCTION ensure_event_partitions(p_at timestamptz, p_ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	made integer := 0;
	begins timestamptz;
	ends timestamptz;
	partition text;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('mesh_six_events'));
	FOR ahead IN 0..p_ahead LOOP
		begins := (date_trunc('month', p_at AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
		ends := (date_trunc('month', p_at AT TIME ZONE 'UTC') + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC';
		partition := 'mesh_six_events_' || to_char(begins AT TIME ZONE 'UTC', 'YYYY_MM');
		CONTINUE WHEN to_regclass(partition) IS NOT NULL;
		EXECUTE format('CREATE TABLE %I (LIKE mesh_six_events INCLUDING DEFAULTS)', partition);
		EXECUTE format('WITH moved AS (DELETE FROM mesh_six_events_default WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', begins, ends, partition);
		EXECUTE format('ALTER TABLE mesh_six_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, begins, ends);
		made := made + 1;
	END LOOP;
	RETURN made;
END $$;
