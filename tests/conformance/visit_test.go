package conformance

import (
	"context"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// visit asks for Status once and says in the exit code whether it was served: the whole life of this program
// when it runs as another user.
func visit(socket string) int {
	client, err := kmsclient.Dial(socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	response, err := client.Status(ctx, &kmsapi.StatusRequest{}, grpc.WaitForReady(false))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(response.KeyId)
	return 0
}
