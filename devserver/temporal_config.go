package devserver

import (
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	// clusterName is in every database that a server has written: it must never
	// change. It is the one that `temporal server start-dev` uses.
	clusterName = "active"
	storeName   = "sqlite"
)

// newTemporal builds a server that listens on p, which it does from here on, and
// serves once it is started.
func newTemporal(opts Options, p ports, db *config.SQL, settings dynamicconfig.Client, logger log.Logger) (server temporal.Server, err error) {
	defer recoverFatal(&err)
	cfg := temporalConfig(opts.IP, p, db)
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		// Nobody joins or leaves, so nothing has to find that out, and no former
		// run's membership is in the way.
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: static.SingleLocalHost(address(dialable(opts.IP), p.frontend)),
			primitives.HistoryService:  static.SingleLocalHost(address(loopback, p.history)),
			primitives.MatchingService: static.SingleLocalHost(address(loopback, p.matching)),
			primitives.WorkerService:   static.SingleLocalHost(address(loopback, p.worker)),
		}),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(settings),
		temporal.WithLogger(logger),
	)
}

func temporalConfig(ip string, p ports, db *config.SQL) *config.Config {
	frontend := address(dialable(ip), p.frontend)
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: db}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend, HTTPAddress: address(dialable(ip), p.frontendHTTP)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend},
		Services: map[string]config.Service{
			string(primitives.FrontendService): {RPC: config.RPC{BindOnIP: ip, GRPCPort: p.frontend, HTTPPort: p.frontendHTTP}},
			string(primitives.HistoryService):  internal(p.history),
			string(primitives.MatchingService): internal(p.matching),
			string(primitives.WorkerService):   internal(p.worker),
		},
	}
	// Half of the time that the services are given to start. The default is too
	// little on a machine that compiles at the same time.
	cfg.Global.Membership.MaxJoinDuration = 30 * time.Second
	cfg.Archival.History.State = "disabled"
	cfg.Archival.Visibility.State = "disabled"
	cfg.NamespaceDefaults.Archival.History.State = "disabled"
	cfg.NamespaceDefaults.Archival.Visibility.State = "disabled"
	return cfg
}

// internal is a service that only the other services speak to.
func internal(port int) config.Service {
	return config.Service{RPC: config.RPC{BindOnIP: loopback, GRPCPort: port}}
}
