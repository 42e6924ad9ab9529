/** CPUCount CASE BATCHES CALLS prints the same columns as the other programs. */
final class CPUCount {
    public static void main(String[] arguments) {
        int batches = Integer.parseInt(arguments[1]), calls = Integer.parseInt(arguments[2]);
        for (int batch = 0; batch <= batches; batch++) {
            int last = 0;
            long start = System.nanoTime();
            for (int call = 0; call < calls; call++) last = Runtime.getRuntime().availableProcessors();
            double nanoseconds = (System.nanoTime() - start) / (double) calls;
            if (batch > 0) System.out.println(last + " " + nanoseconds);
        }
    }
}
