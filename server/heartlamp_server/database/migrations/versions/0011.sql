-- notification: one row per (key, channel, address), which is its dedup key; the key names the channel.
CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,                  -- incident/plan version/step/target/channel/time
    ask text NOT NULL,                  -- the same without the channel: all ways to one target
    incident text NOT NULL,
    target text NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    rank integer NOT NULL,
    kind text NOT NULL,
    fields jsonb NOT NULL,
    lang text NOT NULL,
    village bigint,
    urgent boolean NOT NULL,
    drill boolean NOT NULL,
    silent boolean NOT NULL,
    not_after timestamptz,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'sent', 'delivered', 'rang', 'answered', 'seen', 'failed', 'expired')),
    state_at timestamptz NOT NULL,
    due_at timestamptz,                 -- NULL: a way before it does
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,            -- a worker has it until then
    sent_at timestamptz,
    why text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL,
    UNIQUE (key, address)
);
CREATE INDEX notification_due ON notification (channel, due_at) WHERE state = 'queued';
CREATE INDEX notification_ask ON notification (ask);
CREATE INDEX notification_incident ON notification (incident);
CREATE INDEX notification_address ON notification (channel, address, sent_at DESC) WHERE sent_at IS NOT NULL;

-- Under which of its own ids a provider reports of it: several after an attempt of which we did not hear the end.
CREATE TABLE notification_attempt (
    provider text NOT NULL,
    provider_id text NOT NULL,
    notification bigint NOT NULL REFERENCES notification ON DELETE CASCADE,
    at timestamptz NOT NULL,
    polled_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (provider, provider_id, notification)
);
CREATE INDEX notification_attempt_of ON notification_attempt (notification);
CREATE INDEX notification_attempt_open ON notification_attempt (provider, at) WHERE ended_at IS NULL;

-- A report that came before we had written the id that it names.
CREATE TABLE notification_early (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    provider_id text NOT NULL,
    report jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX notification_early_of ON notification_early (provider, provider_id);

-- What the rest of the county is to be told of it, each once, in a transaction of its own.
CREATE TABLE notification_said (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL CHECK (what IN ('said', 'answered', 'proven', 'trouble')),
    value jsonb NOT NULL,
    at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    handed_at timestamptz
);
CREATE INDEX notification_said_waiting ON notification_said (due_at) WHERE handed_at IS NULL;
CREATE INDEX notification_said_answer ON notification_said ((value ->> 'key')) WHERE what = 'answered';

CREATE TABLE notification_channel (
    name text PRIMARY KEY,
    tokens double precision NOT NULL,
    at timestamptz NOT NULL,
    fault text NOT NULL DEFAULT '',     -- what the administrator must see to
    fault_at timestamptz
);

-- Notes of gateways on orders, of which the outbox knows.
CREATE TABLE notification_note (note text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX note_ordered ON note (at) WHERE what = 'ordered';

CREATE TABLE broadcast (
    id text PRIMARY KEY,
    village bigint NOT NULL REFERENCES area,
    text text NOT NULL,
    clip text NOT NULL,
    lang text NOT NULL,
    times integer NOT NULL,
    drill boolean NOT NULL,
    prepared_by text NOT NULL REFERENCES person,
    prepared_at timestamptz NOT NULL,
    confirmed_by text REFERENCES person,
    confirmed_at timestamptz,
    gateways text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX broadcast_village ON broadcast (village, prepared_at DESC);

-- A command may be void after a time.
ALTER TABLE command ADD not_after timestamptz;
