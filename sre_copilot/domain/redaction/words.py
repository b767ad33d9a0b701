"""Words that decide what a name or a value means, in lists that are read as prose."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYS = _words("""
api access secret private encryption signing account storage shared master auth license licence ssh service app
application client subscription function consumer webhook integration routing admin deploy fernet aes hmac ssl tls
session server database db security root decryption encrypt jwt vault unseal recovery host rsa ecdsa pgp gpg
wireguard wg preshared pre psk datadog dd
""")
"""Before `key`, these make it a secret one."""


NEUTRAL = _words("""
name names file files path paths dir ref refs reference type types count counts length len size policy policies
expiry expires expired expiration ttl age rotation version versions url uri endpoint endpoints host hostname
algorithm alg status state error errors valid invalid enabled disabled required limit limits used usage total budget
max min mount volume volumes store provider class format method mode scheme changed updated created at time timeout
seconds ms bytes bucket issuer audience scope scopes rate ids id manager reset request requests response failed
failures failure success attempts duration latency cache key lookup lookups engine controller operator plugin
backend service server sync rotated renewal refresh_interval exchange source namespace kind prompt completion input
output per exists missing set present provided string_length hint strength check checks field column index login
protected less
""")
"""Last in a name, these say that it is about a secret and none itself."""


TAILS = _words("""
data value val base64 b64 plain plaintext raw env json string text new old current prev previous confirm
confirmation prod dev test staging 1 2 3
""")
"""Last in a name, these change nothing."""


MACHINES = _words("""
root admin administrator postgres mysql mariadb redis nobody daemon www nginx apache httpd app apps application
system service serviceaccount svc sa api bot robot agent worker runner jenkins gitlab github argocd ci cd deploy
deployer deployment deployments build builder operator controller manager server client proxy gateway exporter
prometheus grafana kube kubelet kubernetes k8s cluster node nodes docker containerd ubuntu centos debian ec2 vagrant
ansible terraform vault consul etcd kafka zookeeper elastic elasticsearch kibana logstash rabbitmq mongo mongodb
cassandra clickhouse mssql oracle db dba database replication replicator replica backup batch cron job jobs
scheduler monitor monitoring monitored health healthcheck probe test testing tester anonymous guest default unknown
none null internal external public private user users username login name team group role svcs web backend frontend
reader writer readonly readwrite ro rw read write sync syncer sql pg pgbouncer git sshd ssh systemd dbus messagebus
mail postfix smtp ldap nfs ftp sftp rpc tcp udp http https local localhost host storage queue cache search payments
payment billing orders order checkout cart catalog inventory shipping auth identity accounts account notification
notifications email events metrics logging logs log traces datadog newrelic splunk sentry pagerduty opsgenie slack
automation autoscaler scaler provisioner configmap secret webhook token key password the a an is was not and or has
with from invalid failed error errors id ids session sessions request requests connection timeout for on at in of to
by sa1 shared staging prod production dev integration actions renovate dependabot flux argo helm tiller istio envoy
linkerd coredns calico cilium cert certmanager ingress nginxinc haproxy traefik sidecar init main master primary
standby leader follower uid gid cluster1 sudo su wheel adm bin lp cup avahi polkitd chrony rpcuser tomcat jboss
wildfly solr spark hadoop hdfs yarn hive airflow celery gunicorn uwsgi puma sidekiq
""")
"""In logins, these are of services and machines."""


PROSE = _words("""
a an the is was are were be been being not no none never expired invalid unexpected missing failed failing failure
failures denied unauthorized unauthenticated forbidden cannot can could couldn't can't unable error errors eof bad
wrong incorrect unknown rejected refused revoked required needs need must should found has have had does did doesn't
didn't isn't wasn't too only and or for from in on of to with without by at as if when while after before request
requests got get received context connection timeout timed operation permission resource status http https access
accepted verified verification validation valid success successful succeeded ok passed rotated refreshed renewed
created deleted updated reloaded loaded loading using used type secret secrets token tokens password key keys
certificate x509 malformed mismatch duplicate please open read write rpc code signature unsupported default disabled
enabled this that there it its your you we i user usage optional pending syncing synced exceeded illegal
authentication authorization server client internal service disallowed skipping skipped
""")
"""After a name and a colon, these begin a sentence and no value."""


NOT_MAIL = _words("""
local localdomain internal service svc cluster lan socket timer mount target slice scope device path swap home corp
intra js ts jsx tsx mjs css py go rb rs java kt jar sh yaml yml json toml xml html md txt log sock so png jpg gif
svg gz zip tar conf cfg invalid
""")
"""What follows the last dot of hosts within networks and of files."""


MACHINE_HOMES = _words("""
shared public all default
""")
"""Homes that are nobody's."""
