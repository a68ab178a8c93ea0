// Package crdserver is the Kubernetes project's API server for custom resources, whole and in this process: it
// stores widgets in a real etcd, encrypted as an EncryptionConfiguration says, by the code that kube-apiserver
// stores Secrets with.
package crdserver

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	servertesting "k8s.io/apiextensions-apiserver/pkg/cmd/server/testing"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig/controller"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"signet/tests/conformance/internal/poll"
)

// KeyPrefix is where etcd has the widgets of Namespace.
const (
	Namespace = "default"
	KeyPrefix = "/registry/example.com/widgets/" + Namespace + "/"
)

// Kind and Resource of what is stored.
var (
	Kind     = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}
	Resource = Kind.GroupVersion().WithResource("widgets")
)

// Server is one API server with empty caches. Safe for concurrent use.
type Server struct {
	t        testing.TB
	client   *rest.RESTClient
	widgets  dynamic.ResourceInterface
	tearDown func()
}

// Start returns when it serves widgets; with an empty encryptionConfig it stores in clear. A changed
// configuration is noticed after 100 ms, where kube-apiserver takes a minute. It ends with the test at the
// latest.
func Start(t testing.TB, etcdURL, encryptionConfig string) *Server {
	t.Helper()
	controller.EncryptionConfigFileChangePollDuration = 100 * time.Millisecond
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig") // of a kube-apiserver that is never asked
	if err := os.WriteFile(kubeconfig, []byte(nobody), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{
		"--etcd-servers", etcdURL, "--etcd-prefix", "/registry",
		"--authentication-skip-lookup", "--authentication-kubeconfig", kubeconfig,
		"--authorization-kubeconfig", kubeconfig, "--kubeconfig", kubeconfig,
		"--enable-priority-and-fairness=false",
		// All of them: which ones there are differs from release to release, and some ask kube-apiserver.
		"--disable-admission-plugins", strings.Join(genericoptions.NewAdmissionOptions().Plugins.Registered(), ","),
	}
	if encryptionConfig != "" {
		flags = append(flags, "--encryption-provider-config", encryptionConfig,
			"--encryption-provider-config-automatic-reload=true")
	}
	started, err := servertesting.StartTestServer(quiet{t}, nil, flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, tearDown: started.TearDownFn}
	t.Cleanup(s.Stop)
	s.connect(started.ClientConfig)
	return s
}

const nobody = `apiVersion: v1
kind: Config
clusters: [{name: nobody, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
current-context: nobody
users: [{name: nobody, user: {}}]
`

// quiet keeps the server's progress out of the tests' output.
type quiet struct{ testing.TB }

func (quiet) Logf(string, ...any) {}

// Stop ends it; a second one may then start on the same etcd. Not needed before the test's end.
func (s *Server) Stop() {
	if s.tearDown != nil {
		s.tearDown()
	}
	s.tearDown = nil
}

// Widgets are the objects of Namespace.
func (s *Server) Widgets() dynamic.ResourceInterface { return s.widgets }

// Ready is what /readyz/kms-providers says: nil for ok.
func (s *Server) Ready(ctx context.Context) error {
	return s.client.Get().AbsPath("/readyz/kms-providers").Do(ctx).Error()
}

func (s *Server) connect(config *rest.Config) {
	s.t.Helper()
	unlimited := rest.CopyConfig(config)
	unlimited.QPS = -1
	unlimited.Wrap(func(next http.RoundTripper) http.RoundTripper { return firstAnswer{next} })
	extensions, err := clientset.NewForConfig(unlimited)
	if err != nil {
		s.t.Fatal(err)
	}
	s.client = extensions.ApiextensionsV1().RESTClient().(*rest.RESTClient)
	client, err := dynamic.NewForConfig(unlimited)
	if err != nil {
		s.t.Fatal(err)
	}
	s.widgets = client.Resource(Resource).Namespace(Namespace)
	poll.Until(s.t, "widgets are defined", func() error {
		_, err := extensions.ApiextensionsV1().CustomResourceDefinitions().
			Create(context.Background(), definition(), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // in etcd, from another server
			return nil
		}
		return err
	})
	// Until then the path is 404 without details. Asks for one object: a LIST must not be needed to start.
	poll.Until(s.t, "widgets are served", func() error {
		_, err := s.widgets.Get(context.Background(), "none", metav1.GetOptions{})
		if status, isStatus := err.(apierrors.APIStatus); isStatus && apierrors.IsNotFound(err) &&
			status.Status().Details != nil && status.Status().Details.Name == "none" {
			return nil
		}
		return err
	})
}

// firstAnswer takes out of an answer what makes the client ask again, ten times a second apart: a test is about
// what the server says.
type firstAnswer struct{ next http.RoundTripper }

func (f firstAnswer) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := f.next.RoundTrip(request)
	if err == nil {
		response.Header.Del("Retry-After")
	}
	return response, err
}

func definition() *apiextensions.CustomResourceDefinition {
	keep := true
	return &apiextensions.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: Resource.GroupResource().String()},
		Spec: apiextensions.CustomResourceDefinitionSpec{
			Group: Kind.Group,
			Names: apiextensions.CustomResourceDefinitionNames{
				Kind: Kind.Kind, ListKind: Kind.Kind + "List", Plural: Resource.Resource, Singular: "widget",
			},
			Scope: apiextensions.NamespaceScoped,
			Versions: []apiextensions.CustomResourceDefinitionVersion{{
				Name: Kind.Version, Served: true, Storage: true,
				Schema: &apiextensions.CustomResourceValidation{
					OpenAPIV3Schema: &apiextensions.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &keep},
				},
			}},
		},
	}
}
